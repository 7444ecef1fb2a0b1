// @ts-check
/**
 * The screen that faces the citizen: looks anew by itself, so that a thank-you and a code nobody
 * pays go away without any event. Everything it shows is made by the node.
 */
import { refresh } from "./live.js";

const TICK_MS = 5000;

setInterval(() => { if (!document.hidden) void refresh(["tick"]); }, TICK_MS);
