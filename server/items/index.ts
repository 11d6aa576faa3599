export { getItem } from "./getItem";
export type { ItemsContext } from "./itemsContext";
export { type ListItemsInput, listItems } from "./listItems";
export { type SetStatusInput, setStatus } from "./setStatus";
