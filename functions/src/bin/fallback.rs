//! The function `fallback`.

fn main() -> std::process::ExitCode {
    lambdagram_functions::fallback::main()
}
