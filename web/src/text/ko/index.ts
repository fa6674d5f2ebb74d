import type { Catalogue } from "../index";
import { answer } from "./answer";
import { input } from "./input";
import { network } from "./network";
import { number } from "./number";
import { page } from "./page";

export const ko: Catalogue = { answer, input, network, number, page };
