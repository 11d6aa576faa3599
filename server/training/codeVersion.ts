import { version } from "@/package.json";

/** Version of the program, kept with everything it makes. */
export const CODE_VERSION: string = version;
