export { type Actor, type KeyActor, type SystemActor, type UserActor, userIdOf } from "./actor";
export { API_KEY_PREFIX, hashToken, isApiKey, makeApiKey, makeToken } from "./apiKey";
export { ANONYMOUS, type Credential, readCredential } from "./credential";
