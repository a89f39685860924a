// What lies over the page has an entry of its own in the browser's history, so that Back closes it and does not leave the page.

/** What closes that which lies over the page now. */
let close;

/** Called as soon as the browser has gone back by itself. */
let arrive;

/** Done as soon as the last one's entry is gone. */
let gone = Promise.resolve();

/**
 * Has Back call `closeIt`. Gives what is to be called once it is closed, however that came about: it leaves nothing behind in
 * the history.
 */
export function lieOver(closeIt) {
  close = closeIt;
  gone.then(() => {
    if (close === closeIt) history.pushState({ isOver: true }, "");
  });
  return () => {
    if (close === closeIt) close = undefined;
    if (history.state?.isOver) goBack();
  };
}

function goBack() {
  gone = new Promise((done) => { arrive = done; });
  history.back();
}

addEventListener("popstate", ({ state }) => {
  if (arrive) {
    arrive();
    arrive = undefined;
  } else if (!state?.isOver) {
    close?.();
  } else if (!close) {
    // Forward leads to where something lay, and no further.
    goBack();
  }
});

// A page that was loaded anew has nothing over it.
if (history.state?.isOver) goBack();
