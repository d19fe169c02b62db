//! The `caplet` binary: a thin door to [`caplet::cli`].

fn main() -> std::process::ExitCode {
    caplet::cli::main()
}
