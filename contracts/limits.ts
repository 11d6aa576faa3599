/** Every limit a caller can meet, in one place. */
const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

export const LIMITS = {
  /** Rows in one ingest call. */
  ingestRows: 5_000,
  /** Bytes in one ingest call. */
  ingestBytes: 32 * MIB,
  /** Bytes in one text or one record field. */
  fieldBytes: 1 * MIB,
  /** Bytes of one item's whole content. */
  itemBytes: 2 * MIB,
  recordFields: 500,
  externalIdLength: 256,
  /** Bytes of an uploaded file as sent. */
  uploadBytes: 4 * GIB,
  /** Bytes of an uploaded file once decompressed. */
  uploadInflatedBytes: 32 * GIB,
  /** Decompressed bytes per compressed byte beyond which a gzip file is refused as a bomb (after 64 MiB of output). */
  inflationRatio: 200,
  /** Bytes of one line or record of a file. */
  recordBytes: 4 * MIB,
  /** Stored error rows per import; counting goes on. */
  importErrorsKept: 10_000,
  /** Characters of JSON up to which a refused record is kept whole; longer values are cut, and the file says so. */
  importErrorRecord: 64 * KIB,
  /** Rows written per transaction of an import. */
  importBatchRows: 2_000,
  labels: 500,
  labelLength: 200,
  guidelinesBytes: 256 * KIB,
  commentLength: 4_000,
  embeddingDim: 8_192,
  pageRows: 200,
  claimEntries: 20,
  leaseSecondsMin: 30,
  leaseSecondsMax: 24 * 3_600,
  overlapMax: 20,
  undoDepth: 10,
  searchLength: 200,
  /** Distinct people whose skip parks an item. */
  skipsToPark: 3,
  passwordMin: 10,
  passwordMax: 128,
  invitationDays: 14,
  passwordResetHours: 24,
  projectsPerPage: 50,
} as const;
