//! The function `logout`.

fn main() -> std::process::ExitCode {
    lambdagram_functions::account::logout::main()
}
