/** Branded identifiers and small value types shared by browser and server. */
declare const brand: unique symbol;
export type Brand<T, B extends string> = T & { readonly [brand]: B };

/** Instance-wide project number. */
export type ProjectId = number;
/** Dense position of an item inside its project, from 0; never reused. Arrays are indexed by it. */
export type ItemRow = number;
/** Gap-free number of an annotation inside its project. */
export type AnnotationSeq = number;
/** ISO 8601 instant in UTC; every time in the API travels as such a string. */
export type IsoTime = string;
