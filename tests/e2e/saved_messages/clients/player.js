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

// How far from its place in time a picture of it may be: a video has several a second.
const NEAR_SECONDS = 0.1;

// Once a picture near this place is shown. A browser that is busy may still show one of the place before.
function picture(time) {
  return new Promise((resolve) => {
    const look = (_, { mediaTime }) => {
      if (Math.abs(mediaTime - time) < NEAR_SECONDS) resolve();
      else video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
  });
}

// Whether the place was there already, and where the video is once it has got there and shows a picture of it.
async function seek(time) {
  const wasBuffered = isBuffered(time);
  const [done, shown] = [happens("seeked"), picture(time)];
  video.currentTime = time;
  await done;
  await shown;
  return [wasBuffered, video.currentTime];
}
