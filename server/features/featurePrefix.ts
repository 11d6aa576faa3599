/** Where the blobs of a feature version stand. */
export function featurePrefix(projectId: number, version: number): string {
  return `projects/${projectId}/features/${version}`;
}
