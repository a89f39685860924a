//! The function `dispatch_worker`.

fn main() -> std::process::ExitCode {
    lambdagram_functions::dispatch::worker::main()
}
