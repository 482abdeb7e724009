export { asMergeFn, type ContentType } from "../versioned/content-type.ts";
