// One event, its objects one after another. An object whose processing fails holds none of the others up: the event
// fails at the end, for its sake, and is tried again as a whole.
import { objectEvents, type SkippedNotice, type WrittenObject } from './object-events.ts';

/** Calls `process` with each object of the event and `onSkipped` with what is none.
 * @throws what `process` threw: the one error, or an AggregateError of several, after all objects had their turn */
export async function eachObject(
  event: unknown,
  process: (object: WrittenObject) => Promise<void>,
  onSkipped: (notice: SkippedNotice) => void,
): Promise<void> {
  const { objects, skipped } = objectEvents(event);
  for (const notice of skipped) onSkipped(notice);
  const errors: unknown[] = [];
  for (const object of objects) {
    try {
      await process(object);
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, `${errors.length} of ${objects.length} objects failed`);
}
