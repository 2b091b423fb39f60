/**
 * Which random cases a run draws. In CI the same for everybody, so that the verdict on a commit depends on nothing but the
 * commit; else new ones each time, or those of HALOGRAD_SEED. `npm run test:seeds` draws others, in CI too.
 */
import { randomInt } from "node:crypto";
import * as fc from "fast-check";

const { HALOGRAD_SEED, CI } = process.env;
const seed = Number(HALOGRAD_SEED ?? (CI ? 20260101 : randomInt(2 ** 31)));
if (!Number.isInteger(seed)) throw new Error(`HALOGRAD_SEED is ${HALOGRAD_SEED}, but must be a whole number`);
fc.configureGlobal({ seed });
