//! The chain while a transaction runs: what accounts hold more or less of, and each instruction as it is traced. It must
//! not know why anything is moved.

use std::collections::BTreeMap;

use super::address::{ASSOCIATED, Address, Addresses, SYSTEM};
use super::mint::{Mint, SOL, Tax};

/// What a token account costs to exist.
pub const RENT: i128 = 2_039_280;

/// An instruction, at the height of the stack at which it ran: 1 for the transaction's own.
#[derive(Clone, Debug)]
pub struct Instruction {
    pub program: Address,
    pub accounts: Vec<Address>,
    pub data: Vec<u8>,
    pub height: usize,
}

/// What an account holds more than before, and the least of that while the transaction ran.
#[derive(Clone, Copy, Debug, Default)]
pub struct Balance {
    pub change: i128,
    pub least: i128,
}

impl Balance {
    fn add(&mut self, units: i128) {
        self.change += units;
        self.least = self.least.min(self.change);
    }
}

#[derive(Clone, Debug)]
pub struct TokenAccount {
    pub owner: Address,
    pub mint: Mint,
    pub balance: Balance,
    /// Whether the transaction opened it, and whether it closed it.
    pub is_opened: bool,
    pub is_closed: bool,
}

#[derive(Clone, Debug)]
pub struct Transfer {
    pub from: Address,
    pub to: Address,
    pub mint: Mint,
    pub units: i128,
}

#[derive(Default)]
pub struct State {
    pub addresses: Addresses,
    pub instructions: Vec<Instruction>,
    pub token_accounts: BTreeMap<Address, TokenAccount>,
    pub lamports: BTreeMap<Address, Balance>,
    pub transfers: Vec<Transfer>,
    /// Meteora's dynamic vaults, by what they hold.
    pub dynamic_vaults: BTreeMap<Address, (Address, Mint)>,
}

impl State {
    pub fn call(&mut self, height: usize, program: Address, accounts: Vec<Address>, data: Vec<u8>) {
        self.instructions.push(Instruction { program, accounts, data, height });
    }

    /// A token account that was there before.
    pub fn token_account(&mut self, address: Address, owner: Address, mint: Mint) -> Address {
        let account =
            TokenAccount { owner, mint, balance: Balance::default(), is_opened: false, is_closed: false };
        self.token_accounts.entry(address).or_insert(account);
        address
    }

    /// The account in which an owner keeps a mint.
    pub fn account_of(&mut self, owner: Address, mint: Mint) -> Address {
        let is_own = |(_, account): &(&Address, &TokenAccount)| {
            account.owner == owner && account.mint == mint && !account.is_closed
        };
        if let Some((address, _)) = self.token_accounts.iter().find(is_own) {
            return address;
        }
        let address = self.addresses.program();
        self.token_account(address, owner, mint)
    }

    /// Opens a token account, which somebody pays for.
    pub fn open(&mut self, height: usize, payer: Address, owner: Address, mint: Mint) -> Address {
        let address = self.addresses.program();
        let accounts = vec![payer, address, owner, mint.address, SYSTEM, mint.program];
        self.call(height, ASSOCIATED, accounts, vec![1]);
        self.call(height + 1, mint.program, vec![mint.address], vec![21, 7, 0]);
        self.call(
            height + 1,
            SYSTEM,
            vec![payer, address],
            [vec![0; 4], RENT.to_le_bytes().to_vec()].concat(),
        );
        self.call(height + 1, mint.program, vec![address], vec![22]);
        self.call(height + 1, mint.program, vec![address, mint.address], [vec![18], vec![9; 32]].concat());
        self.token_account(address, owner, mint);
        self.token_accounts.get_mut(address).unwrap().is_opened = true;
        self.move_lamports(payer, address, RENT);
        address
    }

    /// Closes a token account. Wrapped SOL in it goes to its owner; of anything else there is none left.
    pub fn close(&mut self, height: usize, address: Address) {
        let account = self.token_accounts.get_mut(address).unwrap();
        account.is_closed = true;
        let (owner, mint) = (account.owner, account.mint);
        let left = if account.is_opened {
            account.balance.change
        } else {
            account.balance.change - account.balance.least
        };
        account.balance.add(-left);
        self.call(height, mint.program, vec![address, owner, owner], vec![9]);
        self.move_lamports(address, owner, RENT + if mint == SOL { left } else { 0 });
    }

    /// SOL that isn't wrapped, by the system's own transfer.
    pub fn send_lamports(&mut self, height: usize, from: Address, to: Address, units: i128) {
        let data = [vec![2, 0, 0, 0], bytes(units)].concat();
        self.call(height, SYSTEM, vec![from, to], data);
        self.move_lamports(from, to, units);
    }

    /// SOL that a program moves without any instruction.
    pub fn move_lamports(&mut self, from: Address, to: Address, units: i128) {
        self.lamports.entry(from).or_default().add(-units);
        self.lamports.entry(to).or_default().add(units);
    }

    /// Wraps SOL that its owner sends to an account.
    pub fn wrap(&mut self, height: usize, from: Address, account: Address, units: i128) {
        self.send_lamports(height, from, account, units);
        self.call(height, SOL.program, vec![account], vec![17]);
        self.token_accounts.get_mut(account).unwrap().balance.add(units);
    }

    /// Tokens from an account to another one; how many arrive.
    pub fn transfer(
        &mut self,
        height: usize,
        [from, to]: [Address; 2],
        units: i128,
        is_checked: bool,
    ) -> i128 {
        let mint = self.token_accounts[from].mint;
        let owner = self.token_accounts[from].owner;
        let withheld = mint.withheld(units);
        let (accounts, data) = match mint.tax {
            Some(Tax { is_told: true, .. }) => (
                vec![from, mint.address, to, owner],
                [vec![26, 1], bytes(units), vec![mint.decimals], bytes(withheld)].concat(),
            ),
            None if !is_checked => (vec![from, to, owner], [vec![3], bytes(units)].concat()),
            _ => {
                (vec![from, mint.address, to, owner], [vec![12], bytes(units), vec![mint.decimals]].concat())
            }
        };
        self.call(height, mint.program, accounts, data);
        self.transfers.push(Transfer { from, to, mint, units });
        self.add(from, -units);
        self.add(to, units - withheld);
        units - withheld
    }

    pub fn mint_to(&mut self, height: usize, to: Address, units: i128) {
        let mint = self.token_accounts[to].mint;
        self.call(height, mint.program, vec![mint.address, to, SYSTEM], [vec![7], bytes(units)].concat());
        self.add(to, units);
    }

    pub fn burn(&mut self, height: usize, from: Address, units: i128) {
        let TokenAccount { mint, owner, .. } = self.token_accounts[from];
        self.call(height, mint.program, vec![from, mint.address, owner], [vec![8], bytes(units)].concat());
        self.add(from, -units);
    }

    /// An account of wrapped SOL has as many lamports.
    fn add(&mut self, address: Address, units: i128) {
        let account = self.token_accounts.get_mut(address).unwrap();
        account.balance.add(units);
        if account.mint == SOL {
            self.lamports.entry(address).or_default().add(units);
        }
    }
}

/// A number of 64 bits, the lowest byte first.
pub fn bytes(units: i128) -> Vec<u8> {
    u64::try_from(units).unwrap().to_le_bytes().to_vec()
}
