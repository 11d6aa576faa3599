/** Where the blobs of a version's predictions stand. */
export function predictionPrefix(projectId: number, modelVersion: number): string {
  return `projects/${projectId}/predictions/${modelVersion}`;
}
