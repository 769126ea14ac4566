//! The binary: hands its arguments to the library and exits with its code.

fn main() -> std::process::ExitCode {
    mtvtest::cli::main()
}
