//! A page of the browser: it opens URLs, runs scripts, and tells what it loaded.

use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::timeout;

use super::PATIENCE;
use super::pipe::{Event, Pipe, Trouble};

/// A page.
pub(crate) struct Page {
    pipe: Arc<Pipe>,
    context: String,
    frame: Frame,
    events: UnboundedReceiver<Event>,
    answers: Vec<Answer>,
    complaints: Vec<String>,
}

/// Where scripts run: the page itself, or a frame in it that has a process of its own.
pub(crate) struct Frame {
    pipe: Arc<Pipe>,
    session: String,
}

/// An answer to one of a page's requests.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) url: String,
    pub(crate) status: u64,
    /// `Content-Range`, if there was one.
    pub(crate) range: Option<String>,
}

impl Page {
    pub(super) async fn new(pipe: Arc<Pipe>) -> Result<Self, Trouble> {
        let context = pipe.call(None, "Target.createBrowserContext", json!({})).await?;
        let context = text(&context, "browserContextId");
        let wanted = json!({"url": "about:blank", "browserContextId": context, "newWindow": true});
        let target = text(&pipe.call(None, "Target.createTarget", wanted).await?, "targetId");
        let (frame, events) = Frame::attach(pipe.clone(), &target).await?;
        for domain in ["Page", "Network", "Log", "Runtime"] {
            frame.call(&format!("{domain}.enable"), json!({})).await?;
        }
        Ok(Self { pipe, context, frame, events, answers: Vec::new(), complaints: Vec::new() })
    }

    /// Opens a URL, and waits until it is loaded with all it shows.
    ///
    /// # Errors
    /// It cannot be opened: `net::ERR_ABORTED` is said of what is saved instead of shown.
    pub(crate) async fn open(&mut self, url: &str) -> Result<(), Trouble> {
        let opened = self.frame.call("Page.navigate", json!({"url": url})).await?;
        if let Some(error) = opened["errorText"].as_str() {
            return Err(error.to_owned());
        }
        self.event("Page.loadEventFired").await.map(drop)
    }

    /// Gives the browser a cookie, as the server at this URL would.
    pub(crate) async fn set_cookie(&self, url: &str, name: &str, value: &str) -> Result<(), Trouble> {
        let cookie = json!({"url": url, "name": name, "value": value, "path": "/", "httpOnly": true, "sameSite": "Lax"});
        self.frame.call("Network.setCookie", cookie).await.map(drop)
    }

    /// Runs the body of an asynchronous function in the page; what it returns.
    ///
    /// # Errors
    /// What it throws.
    pub(crate) async fn evaluate<T: DeserializeOwned>(&self, script: &str) -> Result<T, Trouble> {
        self.frame.evaluate(script).await
    }

    /// The frame whose URL begins so, once there is one.
    pub(crate) async fn frame(&self, url: &str) -> Result<Frame, Trouble> {
        let mut events = self.pipe.events();
        let found = self.pipe.call(None, "Target.getTargets", json!({"filter": [{}]})).await?;
        let is_it = |info: &Value| {
            info["browserContextId"] == self.context.as_str()
                && info["type"] == "iframe"
                && info["url"].as_str().is_some_and(|is| is.starts_with(url))
        };
        let there = found["targetInfos"].as_array().and_then(|infos| infos.iter().find(|info| is_it(info)));
        let target = match there {
            Some(info) => text(info, "targetId"),
            None => loop {
                let event = timeout(PATIENCE, events.recv()).await.map_err(|_| format!("no frame {url}"))?;
                let info = event.map_err(|error| error.to_string())?.params["targetInfo"].take();
                if is_it(&info) {
                    break text(&info, "targetId");
                }
            },
        };
        Ok(Frame::attach(Arc::clone(&self.pipe), &target).await?.0)
    }

    /// All answers to the page's requests so far.
    pub(crate) fn answers(&mut self) -> &[Answer] {
        while let Ok(event) = self.events.try_recv() {
            self.note(&event);
        }
        &self.answers
    }

    /// What the browser's console says of the page so far.
    pub(crate) fn complaints(&mut self) -> &[String] {
        self.answers();
        &self.complaints
    }

    /// Waits for something to happen that has not been noticed yet.
    pub(crate) async fn event(&mut self, method: &str) -> Result<Value, Trouble> {
        loop {
            let event = timeout(PATIENCE, self.events.recv()).await;
            let event = event.map_err(|_| format!("{method} never happened"))?;
            let event = event.ok_or_else(|| format!("{method}: the browser has ended"))?;
            self.note(&event);
            if event.method == method {
                return Ok(event.params);
            }
        }
    }

    /// Shows the page on a screen of this size, as a phone does or not, in light or dark.
    pub(crate) async fn show_on(
        &self,
        width: u32,
        height: u32,
        phone: bool,
        dark: bool,
    ) -> Result<(), Trouble> {
        let screen = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone});
        self.frame.call("Emulation.setDeviceMetricsOverride", screen).await?;
        let scheme = if dark { "dark" } else { "light" };
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.frame.call("Emulation.setEmulatedMedia", media).await.map(drop)
    }

    /// Runs a script before every page that is opened from now on.
    pub(crate) async fn before_each(&self, script: &str) -> Result<(), Trouble> {
        self.frame.call("Page.addScriptToEvaluateOnNewDocument", json!({"source": script})).await.map(drop)
    }

    /// Chooses files in the field that this selector finds.
    pub(crate) async fn choose(&self, selector: &str, files: &[&Path]) -> Result<(), Trouble> {
        let root = self.frame.call("DOM.getDocument", json!({})).await?["root"]["nodeId"].take();
        let wanted = json!({"nodeId": root, "selector": selector});
        let field = self.frame.call("DOM.querySelector", wanted).await?["nodeId"].take();
        self.frame.call("DOM.setFileInputFiles", json!({"nodeId": field, "files": files})).await.map(drop)
    }

    /// Presses a key, and lets it go.
    pub(crate) async fn press(&self, key: &str) -> Result<(), Trouble> {
        let (code, text) = match key {
            "Tab" => (9, None),
            "Enter" => (13, Some("\r")),
            "Escape" => (27, None),
            "ArrowLeft" => (37, None),
            "ArrowRight" => (39, None),
            _ => return Err(format!("{key} is no key that is known here")),
        };
        let down = json!({"type": "keyDown", "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text.unwrap_or_default()});
        self.frame.call("Input.dispatchKeyEvent", down).await?;
        let up = json!({"type": "keyUp", "key": key, "code": key, "windowsVirtualKeyCode": code});
        self.frame.call("Input.dispatchKeyEvent", up).await.map(drop)
    }

    /// Types a text where the focus is.
    pub(crate) async fn type_text(&self, text: &str) -> Result<(), Trouble> {
        self.frame.call("Input.insertText", json!({"text": text})).await.map(drop)
    }

    /// Takes the network away from the page, or gives it back.
    pub(crate) async fn set_offline(&self, offline: bool) -> Result<(), Trouble> {
        let network =
            json!({"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
        self.frame.call("Network.emulateNetworkConditions", network).await.map(drop)
    }

    /// What the page looks like, as a PNG.
    pub(crate) async fn screenshot(&self) -> Result<Vec<u8>, Trouble> {
        let taken = self.frame.call("Page.captureScreenshot", json!({})).await?;
        STANDARD.decode(text(&taken, "data")).map_err(|error| error.to_string())
    }

    fn note(&mut self, event: &Event) {
        match event.method.as_str() {
            "Network.responseReceived" => {
                let response = &event.params["response"];
                let headers = response["headers"].as_object();
                let range = headers.and_then(|headers| {
                    headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-range"))
                });
                self.answers.push(Answer {
                    url: text(response, "url"),
                    status: response["status"].as_u64().unwrap_or_default(),
                    range: range.and_then(|(_, value)| value.as_str()).map(str::to_owned),
                });
            }
            "Log.entryAdded" => self.complaints.push(text(&event.params["entry"], "text")),
            _ => {}
        }
    }
}

impl Frame {
    async fn attach(pipe: Arc<Pipe>, target: &str) -> Result<(Self, UnboundedReceiver<Event>), Trouble> {
        let wanted = json!({"targetId": target, "flatten": true});
        let session = text(&pipe.call(None, "Target.attachToTarget", wanted).await?, "sessionId");
        let events = pipe.events_of(&session);
        Ok((Self { pipe, session }, events))
    }

    /// As [`Page::evaluate`].
    pub(crate) async fn evaluate<T: DeserializeOwned>(&self, script: &str) -> Result<T, Trouble> {
        let expression = format!("(async () => {{ {script} }})()");
        let wanted = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let mut done = self.call("Runtime.evaluate", wanted).await?;
        if let Some(thrown) = done.get("exceptionDetails") {
            let thrown =
                thrown["exception"]["description"].as_str().map_or_else(|| thrown.to_string(), str::to_owned);
            return Err(thrown);
        }
        serde_json::from_value(done["result"]["value"].take()).map_err(|error| error.to_string())
    }

    async fn call(&self, method: &str, params: Value) -> Result<Value, Trouble> {
        self.pipe.call(Some(&self.session), method, params).await
    }
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}
