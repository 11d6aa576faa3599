/** Trainers whose last layer is linear and can be shown to strategies. */
const TRAINERS_WITH_HEAD = ["softmax", "mlp", "convnet"];

/** Whether strategies can be given the last layer of a model that this trainer made. */
export function hasHead(trainer: string): boolean {
  return TRAINERS_WITH_HEAD.includes(trainer);
}
