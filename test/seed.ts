/**
 * Which random cases a run draws: new ones each time, and in CI the same for everybody, so that the verdict on a commit
 * depends on nothing but the commit. What a developer's run finds is printed with its seed.
 */
import * as fc from "fast-check";

if (process.env.CI) fc.configureGlobal({ seed: 20260101 });
