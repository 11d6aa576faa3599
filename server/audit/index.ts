export { type AuditEntry, appendAuditLog } from "./appendAuditLog";
export { listAuditLog } from "./listAuditLog";
