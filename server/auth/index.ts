export { type Actor, type KeyActor, type SystemActor, type UserActor, userIdOf } from "./actor";
export { API_KEY_PREFIX, hashToken, isApiKey, makeApiKey, makeToken } from "./apiKey";
export type { Auth } from "./betterAuth";
export { clientAddress } from "./clientAddress";
export { consumeRateLimit, type RateLimit } from "./consumeRateLimit";
export { ANONYMOUS, type Credential, readCredential } from "./credential";
export { getAuth, getSessionSecret } from "./getAuth";
export { type AuthRequestContext, handleAuthRequest } from "./handleAuthRequest";
export { isSameOrigin } from "./isSameOrigin";
