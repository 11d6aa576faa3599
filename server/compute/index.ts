export { type ArrayFile, decodeArrayFile, encodeArrayFile } from "./arrayFile";
export { ComputePool, closeComputePool, getComputePool } from "./computePool";
export type * from "./protocol";
export { classesKeyOf, parseShardKey, presenceKeyOf, putShard, shardKeyOf } from "./shardKey";
export { openShardMatrix, rowsOf, ShardReader } from "./shardMatrix";
export type { TaskContext } from "./taskContext";
