import "../app.css";
import { mount } from "svelte";
import Lab from "./Lab.svelte";
import { LabState } from "./lab.svelte";
import { firstLanguage } from "./language";

const lab = new LabState();
lab.language = firstLanguage();
mount(Lab, { target: document.getElementById("app")!, props: { lab } });
void lab.go(location.hash);
