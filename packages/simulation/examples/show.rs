fn main() { for t in caplet_simulation::reputation::simulate(1, None).tables { println!("{t}"); } }
