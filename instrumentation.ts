/** Called once by Next when a server process starts. The code for Node stands apart: this file is compiled for Edge too. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME === "nodejs") {
    const { registerNode } = await import("./instrumentation.node");
    registerNode();
  }
}
