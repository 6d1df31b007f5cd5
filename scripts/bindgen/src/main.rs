//! Writes the JavaScript beside the Worker's WebAssembly module: `glow-bindgen <module.wasm> <folder>` writes `index.js`
//! and `index_bg.wasm`. It is the little of the program `wasm-bindgen` that the Worker needs, and is built in a fraction of
//! the time.

use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [module, folder] = arguments.as_slice() else {
        eprintln!("usage: glow-bindgen <module.wasm> <folder>");
        return ExitCode::from(2);
    };
    match generate(module, folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{module}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The module resets its own state after a panic (`__wbg_reset_state`), and a panic reaches JavaScript as an error.
fn generate(module: &str, folder: &str) -> Result<(), Box<dyn std::error::Error>> {
    Bindgen::new()
        .input_path(module)
        .out_name("index")
        .module(true)?
        .reset_state_function(true)
        .force_enable_abort_handler(true)
        .generate(folder)?;
    Ok(())
}
