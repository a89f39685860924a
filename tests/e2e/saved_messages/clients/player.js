"use strict";

// One video, and promises of what happens to it.
const video = document.querySelector("video");

function happens(name, isEnough = () => true) {
  return new Promise((resolve, reject) => {
    const end = () => {
      video.removeEventListener(name, listen);
      video.removeEventListener("error", fail);
    };
    const listen = () => {
      if (isEnough()) {
        end();
        resolve();
      }
    };
    const fail = () => {
      end();
      reject(new Error(`waiting for ${name}: ${video.error.message}`));
    };
    video.addEventListener(name, listen);
    video.addEventListener("error", fail);
  });
}

// Seconds of the video, and how wide its picture is.
async function load(url) {
  const ready = happens("canplay");
  video.src = url;
  await ready;
  return [video.duration, video.videoWidth];
}

async function play(until, rate = 1) {
  const reached = happens("timeupdate", () => video.currentTime >= until);
  video.playbackRate = rate;
  await video.play();
  await reached;
  video.pause();
  return video.currentTime;
}

function isBuffered(time) {
  const ranges = Array.from(video.buffered, (_, index) => index);
  return ranges.some((index) => video.buffered.start(index) <= time && time < video.buffered.end(index));
}

// Whether the place was there already, where the video is after "seeked", and the time of the picture that is shown.
async function seek(time) {
  const wasBuffered = isBuffered(time);
  const done = happens("seeked");
  const shown = new Promise((resolve) => video.requestVideoFrameCallback((_, frame) => resolve(frame.mediaTime)));
  video.currentTime = time;
  await done;
  return [wasBuffered, video.currentTime, await shown];
}
