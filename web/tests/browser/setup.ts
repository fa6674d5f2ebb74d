import { afterAll } from "vitest";
import { stop } from "./open";

afterAll(stop);
