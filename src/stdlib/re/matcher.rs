//! The matcher: runs a program on a text, with a stack of what else could be tried.
//!
//! It tries what CPython tries, in the same order, so that groups, empty matches and `lastindex` are the same. Whatever changes on
//! the way (slots, counters) has its old value on the stack, below which the next choice lies: going back is taking frames off.
//! A search may take as long as it takes; Ctrl-C and limits end it (`look_outside`). For a signal that the program handles itself it
//! stops before it goes back, when all that it knows is on its stack, and can go on from there (`stop_for_signal`).

use memchr::memmem;

use super::ast::Greed;
use super::charset::{Case, Letters, fold, is_word};
use super::program::{Look, Loop, MatchOp, One, Program, is_endless};
use super::search::{GaveUp, MAX_FRAMES, Mode, Retry, Scratch, Search, UNSET};
use super::text::Text;

/// Steps between two looks at the outside.
const STRETCH: u64 = 1 << 13;

struct Matcher<'a> {
    program: &'a Program,
    task: Search<'a>,
    state: &'a mut Scratch,
    /// Where a match is tried.
    start: usize,
    steps: u64,
    /// At so many steps the outside is asked.
    pause: u64,
}

/// Looks for a match: where it begins and ends.
pub fn search<T: Text>(
    program: &Program,
    task: Search<'_>,
    state: &mut Scratch,
) -> Result<Option<(usize, usize)>, GaveUp> {
    let mut matcher = Matcher {
        program,
        task,
        state,
        start: task.from,
        steps: 0,
        pause: STRETCH,
    };
    let found = matcher.find::<T>()?;
    matcher.settle(found.map(|(start, _)| start))?;
    Ok(found)
}

impl Matcher<'_> {
    fn find<T: Text>(&mut self) -> Result<Option<(usize, usize)>, GaveUp> {
        let stopped = self.stopped();
        let (text, from) = (self.task.text, self.task.from);
        if self.task.mode != Mode::Search {
            let end = self.run::<T>(from)?;
            return Ok(end.map(|end| (from, end)));
        }
        let mut candidate = stopped.or_else(|| self.candidate(from));
        while let Some(start) = candidate {
            if let Some(end) = self.run::<T>(start)? {
                return Ok(Some((start, end)));
            }
            if start >= text.len() {
                break;
            }
            candidate = self.candidate(T::next(text, start).1);
        }
        Ok(None)
    }

    /// Counts what was done since the last look at the outside, and the bytes that were skipped: many searches may follow each other.
    #[inline]
    fn settle(&self, found: Option<usize>) -> Result<(), GaveUp> {
        let Search {
            heap, text, from, ..
        } = self.task;
        if self.task.mode == Mode::Search {
            heap.note_bytes(found.unwrap_or(text.len()) - from);
        }
        let done = 1 + self.steps + STRETCH - self.pause;
        heap.poll(done as usize).map_err(|_| GaveUp::Outside)
    }

    /// Where a match was tried when the search stopped; a text of another length is searched from the beginning.
    fn stopped(&mut self) -> Option<usize> {
        let (start, length) = self.state.stopped?;
        if length != self.task.text.len() {
            self.state.stopped = None;
            return None;
        }
        Some(start)
    }

    /// The next place where a match can begin.
    #[inline]
    fn candidate(&self, at: usize) -> Option<usize> {
        let (program, text) = (self.program, self.task.text);
        if program.min_width > text.len() - at || (program.is_anchored && at > 0) {
            return None;
        }
        match (&*program.prefix, &program.first) {
            ([], None) => Some(at),
            ([], Some(first)) => {
                let found = text[at..].iter().position(|&byte| first[usize::from(byte)]);
                found.map(|skipped| at + skipped)
            }
            ([byte], _) => memchr::memchr(*byte, &text[at..]).map(|skipped| at + skipped),
            (prefix, _) => memmem::find(&text[at..], prefix).map(|skipped| at + skipped),
        }
    }

    /// Tries to match at a place: where the match ends.
    fn run<T: Text>(&mut self, start: usize) -> Result<Option<usize>, GaveUp> {
        let program = self.program;
        let text = self.task.text;
        self.start = start;
        let (mut pc, mut at) = match self.begin::<T>()? {
            Some(begin) => begin,
            None => return Ok(None),
        };
        loop {
            let goes_on = match &program.ops[pc] {
                MatchOp::One(one) => match self.one::<T>(*one, at) {
                    Some(next) => {
                        at = next;
                        pc += 1;
                        true
                    }
                    None => false,
                },
                MatchOp::Literal(literal) => {
                    let is_here = text[at..].starts_with(literal);
                    at += if is_here { literal.len() } else { 0 };
                    pc += 1;
                    is_here
                }
                MatchOp::Look(look) => {
                    pc += 1;
                    self.look::<T>(*look, at)
                }
                MatchOp::Split(first, second) => {
                    self.push(Retry::Choice { pc: *second, at })?;
                    pc = *first as usize;
                    true
                }
                MatchOp::Jump(to) => {
                    pc = *to as usize;
                    true
                }
                MatchOp::Save(slot) => {
                    self.save(*slot, at)?;
                    pc += 1;
                    true
                }
                MatchOp::Repeat(one, min, max, greed) => {
                    let end = self.repeat::<T>(pc, at, *one, (*min, *max), *greed)?;
                    at = end.unwrap_or(at);
                    pc += 1;
                    end.is_some()
                }
                MatchOp::LoopStart(id) => {
                    self.set_loop(*id, (u32::MAX, UNSET))?;
                    pc += 1;
                    true
                }
                MatchOp::LoopEnd(looped) => {
                    pc = self.loop_end(*looped, pc, at)?;
                    true
                }
                MatchOp::Ref(group, case, letters) => {
                    match self.group_again::<T>(*group, *case, *letters, at) {
                        Some(end) => {
                            at = end;
                            pc += 1;
                            true
                        }
                        None => false,
                    }
                }
                MatchOp::Cond(group, other) => {
                    pc = match self.group(*group) {
                        Some(_) => pc + 1,
                        None => *other as usize,
                    };
                    true
                }
                MatchOp::Guard(guard) => {
                    self.state.guards[*guard as usize] = (self.state.stack.len(), at);
                    pc += 1;
                    true
                }
                MatchOp::Back(count) => {
                    pc += 1;
                    self.go_back::<T>(*count, &mut at)
                }
                MatchOp::Commit(guard) => {
                    self.commit(*guard);
                    pc += 1;
                    true
                }
                MatchOp::Return(guard) => {
                    at = self.commit(*guard);
                    pc += 1;
                    true
                }
                MatchOp::Refuse(guard) => {
                    self.undo_to(self.state.guards[*guard as usize].0);
                    false
                }
                MatchOp::Fail => false,
                MatchOp::Match => {
                    if self.is_accepted(start, at) {
                        return Ok(Some(at));
                    }
                    false
                }
            };
            if !goes_on {
                match self.backtrack::<T>()? {
                    Some((next, place)) => (pc, at) = (next, place),
                    None => return Ok(None),
                }
            }
        }
    }

    /// The first instruction and the first place, or what is next where the search stopped for a signal.
    #[inline]
    fn begin<T: Text>(&mut self) -> Result<Option<(usize, usize)>, GaveUp> {
        if self.state.stopped.take().is_some() {
            return self.backtrack::<T>();
        }
        self.reset();
        Ok(Some((0, self.start)))
    }

    fn reset(&mut self) {
        let state = &mut *self.state;
        state.stack.clear();
        state.slots.clear();
        state.slots.resize(self.program.slots, UNSET);
        state.loops.resize(self.program.loops, (0, UNSET));
        state.guards.resize(self.program.guards, (0, 0));
        state.last = 0;
    }

    fn is_accepted(&self, start: usize, end: usize) -> bool {
        let task = &self.task;
        (task.mode != Mode::Full || end == task.text.len())
            && !(task.must_advance && start == task.from && end == start)
    }

    #[inline(always)]
    fn push(&mut self, frame: Retry) -> Result<(), GaveUp> {
        let stack = &mut self.state.stack;
        if stack.len() == stack.capacity() {
            let more = stack.len().max(64);
            if stack.len() > MAX_FRAMES
                || !self.task.heap.fits(more * size_of::<Retry>())
                || stack.try_reserve_exact(more).is_err()
            {
                return Err(GaveUp::Memory);
            }
        }
        stack.push(frame);
        Ok(())
    }

    #[inline(always)]
    fn count(&mut self, steps: u64) -> Result<(), GaveUp> {
        self.steps += steps;
        if self.steps > self.pause {
            return self.look_outside();
        }
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn look_outside(&mut self) -> Result<(), GaveUp> {
        self.pause = self.steps + STRETCH;
        self.task
            .heap
            .poll(STRETCH as usize)
            .map_err(|_| GaveUp::Outside)
    }

    /// Before going back: looks outside if it is time, and stops if there is a signal to handle.
    #[cold]
    #[inline(never)]
    fn stop_for_signal(&mut self) -> Result<(), GaveUp> {
        self.look_outside()?;
        if !self.task.heap.is_signalled() {
            return Ok(());
        }
        self.state.stopped = Some((self.start, self.task.text.len()));
        Err(GaveUp::Signal)
    }

    /// The place after a character that matches.
    #[inline(always)]
    fn one<T: Text>(&self, one: One, at: usize) -> Option<usize> {
        if at >= self.task.text.len() {
            return None;
        }
        let (code, next) = T::next(self.task.text, at);
        let matches = match one {
            One::Char(c) => c == code,
            One::NotNewline => code != 10,
            One::Any => true,
            One::Set(set) => self.program.sets[set as usize].contains(code),
        };
        matches.then_some(next)
    }

    fn look<T: Text>(&self, look: Look, at: usize) -> bool {
        let text = self.task.text;
        let end = text.len();
        match look {
            Look::Start => at == 0,
            Look::LineStart => at == 0 || text[at - 1] == b'\n',
            Look::NearEnd => at == end || (at + 1 == end && text[at] == b'\n'),
            Look::LineEnd => at == end || text[at] == b'\n',
            Look::End => at == end,
            Look::Boundary(letters) => end > 0 && self.is_boundary::<T>(at, letters),
            Look::NotBoundary(letters) => end > 0 && !self.is_boundary::<T>(at, letters),
        }
    }

    fn is_boundary<T: Text>(&self, at: usize, letters: Letters) -> bool {
        let text = self.task.text;
        let before = at > 0 && is_word(T::previous(text, at), letters);
        let after = at < text.len() && is_word(T::next(text, at).0, letters);
        before != after
    }

    #[inline]
    fn save(&mut self, slot: u32, at: usize) -> Result<(), GaveUp> {
        let state = &mut *self.state;
        let old = std::mem::replace(&mut state.slots[slot as usize], at);
        let last = state.last;
        if slot % 2 == 1 {
            state.last = slot / 2 + 1;
        }
        self.push(Retry::Slot { slot, last, old })
    }

    #[inline]
    fn set_loop(&mut self, id: u32, new: (u32, usize)) -> Result<(), GaveUp> {
        let (count, last) = std::mem::replace(&mut self.state.loops[id as usize], new);
        self.push(Retry::Loop { id, count, last })
    }

    /// The end of a loop's body: where to go on.
    fn loop_end(&mut self, looped: Loop, pc: usize, at: usize) -> Result<usize, GaveUp> {
        self.count(1)?;
        let (count, last) = self.state.loops[looped.id as usize];
        let count = count.wrapping_add(1);
        if count < looped.min {
            self.set_loop(looped.id, (count, last))?;
            return Ok(looped.body as usize);
        }
        // A body that matched nothing is not tried again at the same place.
        if (count >= looped.max && !is_endless(looped.max)) || at == last {
            return Ok(pc + 1);
        }
        if looped.greed == Greed::Lazy {
            self.push(Retry::Body { pc: pc as u32, at })?;
            return Ok(pc + 1);
        }
        let tail = pc as u32 + 1;
        self.push(Retry::Choice { pc: tail, at })?;
        self.set_loop(looped.id, (count, at))?;
        Ok(looped.body as usize)
    }

    /// A repetition of one character: the place after it.
    fn repeat<T: Text>(
        &mut self,
        pc: usize,
        start: usize,
        one: One,
        (min, max): (u32, u32),
        greed: Greed,
    ) -> Result<Option<usize>, GaveUp> {
        let mut at = start;
        let mut count = 0;
        while count < min {
            match self.one::<T>(one, at) {
                Some(next) => at = next,
                None => return Ok(None),
            }
            count += 1;
        }
        if greed == Greed::Lazy {
            if max > count {
                let left = rest(max, count);
                self.push(Retry::Lazy {
                    pc: pc as u32,
                    left,
                    at,
                })?;
            }
            return Ok(Some(at));
        }
        let least = at;
        at = self.run_of::<T>(one, at, rest(max, count));
        self.count((at - least) as u64 / 8 + 1)?;
        if greed == Greed::Greedy && at > least {
            self.push(Retry::Greedy {
                pc: pc as u32,
                least,
                at,
            })?;
        }
        Ok(Some(at))
    }

    /// The place after as many characters as match, `most` at most.
    #[inline]
    fn run_of<T: Text>(&self, one: One, start: usize, most: u32) -> usize {
        let text = self.task.text;
        if is_endless(most) {
            match one {
                One::Any => return text.len(),
                One::NotNewline => {
                    let end = memchr::memchr(b'\n', &text[start..]);
                    return end.map_or(text.len(), |skipped| start + skipped);
                }
                One::Char(_) | One::Set(_) => {}
            }
        }
        let mut at = start;
        let mut count = 0;
        while count < most
            && let Some(next) = self.one::<T>(one, at)
        {
            at = next;
            count += 1;
        }
        at
    }

    /// Where a group begins and ends, if it matched.
    fn group(&self, group: u32) -> Option<(usize, usize)> {
        let slots = &self.state.slots;
        let start = *slots.get(group as usize * 2)?;
        let end = *slots.get(group as usize * 2 + 1)?;
        (start != UNSET && end != UNSET && start <= end).then_some((start, end))
    }

    /// The text of a group once more: the place after it.
    fn group_again<T: Text>(
        &self,
        group: u32,
        case: Case,
        letters: Letters,
        at: usize,
    ) -> Option<usize> {
        let text = self.task.text;
        let (mut from, end) = self.group(group)?;
        if case == Case::Exact {
            let again = text[at..].starts_with(&text[from..end]);
            return again.then_some(at + end - from);
        }
        let mut at = at;
        while from < end {
            if at >= text.len() {
                return None;
            }
            let (a, b) = (T::next(text, from), T::next(text, at));
            let (x, y) = (fold(a.0, letters), fold(b.0, letters));
            if x != y {
                return None;
            }
            (from, at) = (a.1, b.1);
        }
        Some(at)
    }

    fn go_back<T: Text>(&self, count: u32, at: &mut usize) -> bool {
        let Some(before) = T::back_by(self.task.text, *at, count as usize) else {
            return false;
        };
        *at = before;
        true
    }

    /// Drops the choices since a guard, but not what is needed to undo; the guard's place.
    fn commit(&mut self, guard: u32) -> usize {
        let (height, at) = self.state.guards[guard as usize];
        let stack = &mut self.state.stack;
        let mut kept = height;
        for i in height..stack.len() {
            if matches!(stack[i], Retry::Slot { .. } | Retry::Loop { .. }) {
                stack[kept] = stack[i];
                kept += 1;
            }
        }
        stack.truncate(kept);
        at
    }

    fn undo_to(&mut self, height: usize) {
        while self.state.stack.len() > height
            && let Some(frame) = self.state.stack.pop()
        {
            self.undo(frame);
        }
    }

    #[inline(always)]
    fn undo(&mut self, frame: Retry) {
        match frame {
            Retry::Slot { slot, last, old } => {
                self.state.slots[slot as usize] = old;
                self.state.last = last;
            }
            Retry::Loop { id, count, last } => self.state.loops[id as usize] = (count, last),
            _ => {}
        }
    }

    /// What to try next: the instruction and the place.
    fn backtrack<T: Text>(&mut self) -> Result<Option<(usize, usize)>, GaveUp> {
        self.steps += 1;
        if self.steps > self.pause {
            self.stop_for_signal()?;
        }
        while let Some(frame) = self.state.stack.pop() {
            match frame {
                Retry::Choice { pc, at } => return Ok(Some((pc as usize, at))),
                Retry::Greedy { pc, least, at } => {
                    if let Some(at) = self.give_back::<T>(pc, least, at)? {
                        return Ok(Some((pc as usize + 1, at)));
                    }
                }
                Retry::Lazy { pc, left, at } => {
                    if let MatchOp::Repeat(one, ..) = self.program.ops[pc as usize]
                        && let Some(at) = self.one::<T>(one, at)
                    {
                        if left > 1 {
                            let left = if is_endless(left) { left } else { left - 1 };
                            self.push(Retry::Lazy { pc, left, at })?;
                        }
                        return Ok(Some((pc as usize + 1, at)));
                    }
                }
                Retry::Body { pc, at } => {
                    if let MatchOp::LoopEnd(looped) = self.program.ops[pc as usize] {
                        let count = self.state.loops[looped.id as usize].0.wrapping_add(1);
                        self.set_loop(looped.id, (count, at))?;
                        return Ok(Some((looped.body as usize, at)));
                    }
                }
                undo => self.undo(undo),
            }
        }
        Ok(None)
    }

    /// A greedy repetition gives characters back, until what comes next can match.
    fn give_back<T: Text>(
        &mut self,
        pc: u32,
        least: usize,
        from: usize,
    ) -> Result<Option<usize>, GaveUp> {
        let text = self.task.text;
        let next = match &self.program.ops[pc as usize + 1] {
            MatchOp::Literal(literal) => literal.first().copied(),
            MatchOp::One(One::Char(c)) => u8::try_from(*c).ok().filter(u8::is_ascii),
            _ => None,
        };
        let at = match next {
            Some(byte) => match memchr::memrchr(byte, &text[least..from]) {
                Some(skipped) => least + skipped,
                None => {
                    self.count((from - least) as u64 / 16)?;
                    return Ok(None);
                }
            },
            None => T::back(text, from),
        };
        if at > least {
            self.push(Retry::Greedy { pc, least, at })?;
        }
        Ok(Some(at))
    }
}

/// How many more a repetition may take.
fn rest(max: u32, count: u32) -> u32 {
    if is_endless(max) { max } else { max - count }
}
