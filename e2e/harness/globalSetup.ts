import { launchWinnow } from "../../test/harness/launchWinnow";

/** Starts the production build as a user would, on an empty data folder; what it returns stops it. */
export default async function globalSetup(): Promise<() => Promise<void>> {
  const winnow = await launchWinnow({ port: Number(process.env.WINNOW_E2E_PORT) });
  process.env.WINNOW_E2E_SETUP_URL = winnow.setupUrl;
  process.env.WINNOW_E2E_DATA_DIR = winnow.dataDir;
  return async () => {
    const errors = winnow.output().match(/"level":"error".*|^.* ERROR .*$/gm) ?? [];
    if (errors.length > 0)
      console.log(`The instance logged ${errors.length} errors:\n${errors.slice(0, 20).join("\n")}`);
    await winnow.cleanup();
  };
}
