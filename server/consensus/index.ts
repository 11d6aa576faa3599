export {
  type AnswerEvent,
  aggregateLabels,
  type ItemAnswers,
  type SettledItem,
  type SettlingProject,
  settleItem,
} from "./settleItem";
