// A field for a caption: it says when what is typed is longer than Telegram takes.

import { announce, h } from "./page.js";

/** Characters of a caption at most, without Telegram Premium and with it. Only the server knows who has it. */
const LONGEST = 1024;
const LONGEST_PREMIUM = 2048;

/** From how many characters before the end on they are counted down. */
const NEAR = 100;

/** The field, with `text` in it: `{input, left}`, `left` being the place that says how much more it takes. */
export function captionField(text = "") {
  const id = `caption-${Math.random().toString(36).slice(2)}`;
  const left = h("small", { id, hidden: true });
  const input = h("input", {
    type: "text", name: "caption", dir: "auto", value: text, "aria-label": "Caption", "aria-describedby": id,
    placeholder: "Caption, if you like", oninput: () => count(),
  });
  let wasTooLong = false;
  /** Counts what is there. */
  function count() {
    // As the server counts: an emoji is one.
    const length = [...input.value].length;
    const isTooLong = length > LONGEST;
    left.textContent = said(length);
    left.hidden = !left.textContent;
    left.classList.toggle("bad", isTooLong);
    if (isTooLong && !wasTooLong) announce(left.textContent);
    wasTooLong = isTooLong;
  }
  const empty = () => {
    input.value = "";
    count();
  };
  count();
  return { input, left, empty };
}

function said(length) {
  if (length > LONGEST_PREMIUM) return `${length} characters: Telegram takes ${LONGEST_PREMIUM} at most.`;
  if (length > LONGEST) return `${length} characters: more than ${LONGEST} need Telegram Premium.`;
  return length > LONGEST - NEAR ? `${LONGEST - length} characters left` : "";
}
