// What can be done to jobs, in words.

import type { Verb } from "../api/shapes";

interface Words {
  text: string;
  past: string;
  /** What it means, for whoever is about to do it. */
  meaning: string;
  key: string;
}

export const VERBS: Readonly<Record<Verb, Words>> = {
  retry: {
    text: "Retry",
    past: "retried",
    meaning: "They start again at once, keep their history and get one more attempt.",
    key: "r",
  },
  cancel: {
    text: "Cancel",
    past: "cancelled",
    meaning: "What has not started never will. Running handlers are told to end.",
    key: "c",
  },
  delete: {
    text: "Delete",
    past: "deleted",
    meaning: "They go for good, with their attempts and their log. Running jobs stay.",
    key: "d",
  },
};
