import { childSetup } from "./child-setup.ts";

/** The end of a child that was removed from the spec. */
export const terminating = childSetup.createStateConfig({
  description: "The child was removed from the spec: its SAs end.",
  tags: "terminating",
  initial: "closing",
  entry: { type: "reportDown", params: { failed: false } },
  on: { "*": {} },
  states: {
    closing: {
      invoke: {
        id: "terminate",
        src: "terminate",
        input: ({ context }) => ({ uniqueIds: context.sas.map((sa) => sa.uniqueId) }),
        onDone: "#child.gone",
        // The next list finds an SA that could not be terminated now.
        onError: "#child.gone",
      },
    },
  },
});
