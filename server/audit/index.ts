export { type AuditEntry, appendAuditLog } from "./appendAuditLog";
