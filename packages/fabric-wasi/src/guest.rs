//! What a guest has of its host, and what that costs it.

use crate::bill::Bill;
use crate::machine::{Limits, Machine};
use crate::price::{self, CALL, UNIT};
use async_trait::async_trait;
use wasmtime::{
    CallHook, CallHookHandler, Caller, Engine, Error, Extern, Linker, Module, Store,
    StoreContextMut, StoreLimits, StoreLimitsBuilder,
};
use wasmtime_wasi::p2::bindings::random::random::Host as _;
use wasmtime_wasi::{WasiView as _, p1};

/// Fuel between two yields of the engine: a few milliseconds.
const SLICE: u64 = 5 * UNIT;

/// Bytes of randomness that are made at a time.
pub(crate) const RANDOM: usize = 4 * 1024;

/// Streams and things waited for at a time; two of these to one that is waited for.
const RESOURCES: usize = 256;

/// Tables of a guest, and elements of one.
const TABLES: u32 = 8;
const ELEMENTS: u32 = 1 << 16;

/// Bytes of a page of memory (WebAssembly core specification, section 2.3.8).
const PAGE: u64 = 64 * 1024;

/// Where WASI's functions are imported from.
const WASI: &str = "wasi_snapshot_preview1";

/// WASI's error number of an address that is none.
const FAULT: i32 = 21;

/// What a store knows of its run.
pub(crate) struct State {
    wasi: p1::WasiP1Ctx,
    limits: StoreLimits,
    bill: Bill,
}

/// Looks at the account whenever the guest calls its host, and when it comes back from there. The engine's yields are
/// such calls; before one that moves much memory its fuel is taken.
struct Toll;

#[async_trait]
impl CallHookHandler<State> for Toll {
    async fn handle_call_event(
        &self,
        store: StoreContextMut<'_, State>,
        hook: CallHook,
    ) -> wasmtime::Result<()> {
        let price = match hook {
            CallHook::CallingHost => CALL,
            CallHook::ReturningFromHost => 0,
            CallHook::CallingWasm | CallHook::ReturningFromWasm => return Ok(()),
        };
        let (left, bill) = (store.get_fuel()?, store.data().bill.clone());
        bill.left(left);
        bill.add(price);
        bill.allow()?;
        bill.keep_up().await;
        Ok(())
    }
}

/// A store for one run, with all the fuel it may burn. What the host does for the guest is never taken from that fuel,
/// which compiled code keeps copies of, but counted beside it.
pub(crate) fn store(
    machine: &Machine,
    limits: &Limits,
    mut wasi: p1::WasiP1Ctx,
    bill: &Bill,
) -> wasmtime::Result<Store<State>> {
    wasi.ctx().table.set_max_capacity(RESOURCES);
    let room = StoreLimitsBuilder::new()
        .memory_size(limits.memory)
        .table_elements(usize::try_from(ELEMENTS)?)
        .instances(1)
        .memories(1)
        .tables(usize::try_from(TABLES)?)
        .build();
    let mut store = Store::new(&machine.engine, State { wasi, limits: room, bill: bill.clone() });
    store.limiter(|state| &mut state.limits);
    store.set_fuel(bill.max_fuel())?;
    store.fuel_async_yield_interval(Some(SLICE))?;
    // what a call may name at once: all that a run may take in or give out, and a list of where it is
    store.set_hostcall_fuel(limits.input.max(limits.output).saturating_add(64 * 1024));
    store.call_hook_async(Toll);
    Ok(store)
}

/// Whether a program begins with no more than a run may have. One that does, and can't begin, lacks something of this
/// machine's.
pub(crate) fn fits(module: &Module, limits: &Limits) -> bool {
    let needs = module.resources_required();
    let memory = needs.max_initial_memory_size.unwrap_or(0).saturating_mul(PAGE);
    needs.num_memories <= 1
        && u64::try_from(limits.memory).is_ok_and(|most| memory <= most)
        && needs.num_tables <= TABLES
        && needs.max_initial_table_size.unwrap_or(0) <= ELEMENTS.into()
}

/// WASI, as far as it leads nowhere.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    p1::add_to_linker_async(&mut linker, |state: &mut State| &mut state.wasi)?;
    linker.allow_shadowing(true);
    linker.func_wrap_async(
        WASI,
        "random_get",
        |caller: Caller<'_, State>, (at, len): (u32, u32)| Box::new(random(caller, at, len)),
    )?;
    linker.allow_shadowing(false);
    Ok(linker)
}

/// `random_get`, in parts: WASI's own makes as much as it is asked for at once, for the price of a call.
async fn random(mut caller: Caller<'_, State>, at: u32, len: u32) -> wasmtime::Result<i32> {
    let Some(memory) = caller.get_export("memory").and_then(Extern::into_memory) else {
        return Err(Error::msg("it exports no memory"));
    };
    let bill = caller.data().bill.clone();
    let (mut at, len) = (usize::try_from(at)?, usize::try_from(len)?);
    let end = at.saturating_add(len);
    if end > memory.data_size(&caller) {
        return Ok(FAULT);
    }
    while at < end {
        let part = end.saturating_sub(at).min(RANDOM);
        bill.add(price::bytes(part));
        bill.allow()?;
        bill.keep_up().await;
        let wanted = u64::try_from(part)?;
        let bytes = caller.data_mut().wasi.ctx().ctx.random().get_random_bytes(wanted)?;
        memory.write(&mut caller, at, &bytes)?;
        at = at.saturating_add(part);
    }
    Ok(0)
}
