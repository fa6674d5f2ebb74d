import { answer } from "./answer";
import { input } from "./input";
import { network } from "./network";
import { number } from "./number";
import { page } from "./page";

export const en = { answer, input, network, number, page };
