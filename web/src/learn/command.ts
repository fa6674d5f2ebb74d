/** The command with which Python repeats a learning to the bit. */

import type { RecipeData } from "../engine/data";
import type { Settings } from "./trainer";

/** The names of the files that it reads. */
export const [PICTURES, FIRST] = ["pictures.npz", "first.safetensors"];

/** From the first weights; none where Python has no setting for what was learned. */
export function command(
  { loss, optimizer, schedule }: RecipeData,
  { seed, epochs, batchSize, rate }: Settings,
): string | null {
  if (loss.class_weights) return null;
  return [
    `pellucid train ${PICTURES} --start-from ${FIRST} --validation 0`,
    `--epochs ${epochs} --batch-size ${batchSize} --learning-rate ${rate} --seed ${seed}`,
    `--optimizer ${optimizer.kind} --schedule ${schedule.kind}`,
    `--weight-decay ${optimizer.weight_decay} --label-smoothing ${loss.label_smoothing ?? 0}`,
    "--augment none",
  ].join(" ");
}
