//! Waiting for some time. It must not know what for.
//!
//! `worker::Delay` takes a timer for a number, but with the compatibility date of this service it is an object. So a
//! delay that is dropped before its end can't be taken back: the object stays awake for the rest of it, and then a
//! callback is called that is gone. A build with debug assertions panics at the first one.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::channel::oneshot;
use js_sys::Function;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, millis: f64) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: &JsValue);
}

/// Is ready after some time. When it is dropped before that, nothing waits for it any more.
pub struct Pause {
    ended: oneshot::Receiver<()>,
    timer: JsValue,
    /// What the timer calls.
    _callback: Closure<dyn FnMut()>,
}

impl Pause {
    /// A pause that begins now, of whole milliseconds.
    #[must_use]
    pub fn of(duration: Duration) -> Self {
        let (sender, ended) = oneshot::channel();
        let mut sender = Some(sender);
        let callback: Closure<dyn FnMut()> = Closure::new(move || {
            // Who no longer waits has dropped the pause, and with it this.
            let _ = sender.take().map(|sender| sender.send(()));
        });
        let timer = set_timeout(callback.as_ref().unchecked_ref(), duration.as_secs_f64() * 1_000.0);
        Self { ended, timer, _callback: callback }
    }
}

impl Future for Pause {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.ended).poll(context).map(|_| ())
    }
}

impl Drop for Pause {
    fn drop(&mut self) {
        clear_timeout(&self.timer);
    }
}
