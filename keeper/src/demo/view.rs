//! The live view in a terminal: markets, leases in use, a leased sensor, what happens.

mod draw;
mod sensor;
mod state;
#[cfg(test)]
mod tests;

use crate::scenario::Teller;
use crossterm::event::{self, Event, KeyCode, KeyModifiers};
use state::State;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often the screen is drawn.
const FRAME: Duration = Duration::from_millis(150);

/// The screen; it is given back when the view ends, also by a panic.
pub(super) struct Screen {
    state: Arc<Mutex<State>>,
    stop: CancellationToken,
    drawing: std::thread::JoinHandle<std::io::Result<()>>,
}

impl Screen {
    /// Takes the terminal and draws until it is told to end, or somebody quits.
    ///
    /// # Errors
    /// If the terminal cannot be taken.
    pub(super) fn start(trade: Duration, quit: CancellationToken) -> std::io::Result<Self> {
        let mut terminal = ratatui::try_init()?;
        let state = Arc::new(Mutex::new(State::new(trade)));
        let stop = CancellationToken::new();
        let (shown, ended) = (Arc::clone(&state), stop.clone());
        let drawing = std::thread::spawn(move || {
            while !ended.is_cancelled() {
                {
                    let state = shown.lock().unwrap_or_else(PoisonError::into_inner);
                    terminal.draw(|frame| draw::draw(frame, &state))?;
                }
                // raw mode hands Ctrl-C to us as a key
                if event::poll(FRAME)? && is_quit(&event::read()?) {
                    quit.cancel();
                    break;
                }
            }
            ratatui::try_restore()
        });
        Ok(Self { state, stop, drawing })
    }

    /// Feeds the view.
    pub(super) fn teller(&self) -> Teller {
        let state = Arc::clone(&self.state);
        Arc::new(move |happening| {
            state.lock().unwrap_or_else(PoisonError::into_inner).take(&happening)
        })
    }

    /// Gives the terminal back.
    ///
    /// # Errors
    /// If drawing failed.
    pub(super) fn end(self) -> anyhow::Result<()> {
        self.stop.cancel();
        match self.drawing.join() {
            Ok(drawn) => Ok(drawn?),
            Err(_) => anyhow::bail!("the view's thread panicked"),
        }
    }
}

fn is_quit(event: &Event) -> bool {
    let Event::Key(key) = event else { return false };
    key.code == KeyCode::Char('q')
        || key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL)
}
