/** Why nothing was trained on labels of one class: the words of the job, and of the dashboard. */
export function oneClassMessage(nLabels: number, title: string): string {
  return `Training needs two classes; all ${nLabels} labels are "${title}". Label an item of another class.`;
}
