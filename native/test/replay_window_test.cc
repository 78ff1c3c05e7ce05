// The anti-replay window against a plain set of the numbers received, and the edges of RFC 4303 3.4.3 and appendix A2.
#include "esp/replay_window.h"

#include <set>

#include "base/error.h"
#include "test/check.h"

using rp::esp::ReplayWindow;
using rp::esp::Status;

namespace {

void edges(uint32_t size) {
  ReplayWindow w(size, false);
  CHECK(w.check(0) == Status::beforeWindow);
  CHECK(w.accept(1) == Status::ok);
  CHECK(w.accept(1) == Status::replayed);
  CHECK(w.accept(size) == Status::ok);
  CHECK(w.check(1) == Status::replayed);  // the last number that is still inside
  CHECK(w.accept(size + 1) == Status::ok);
  CHECK(w.check(1) == Status::beforeWindow);
  CHECK(w.accept(2) == Status::ok);
  CHECK(w.check(2) == Status::replayed);
  CHECK(w.accept(0xffffffff) == Status::ok);
  CHECK(w.check(0xffffffff - size + 1) == Status::ok);
  CHECK(w.check(0xffffffff - size) == Status::beforeWindow);
  CHECK(w.extend(0xffffffff) == 0xffffffff);
}

// Random walk, in and out of order, over whole words and single numbers.
void model(uint32_t size) {
  ReplayWindow w(size, true);
  std::set<uint64_t> seen;
  uint64_t highest = 0, random = 0x2545f4914f6cdd1d;
  for (int i = 0; i < 20000; i++) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    const uint64_t reach = random % 50 == 0 ? 3 * size : random % 5 == 0 ? size + 4 : 40;
    const uint64_t back = (random >> 20) % (size + 70);
    uint64_t sequence = highest + (random >> 40) % reach;
    if (random % 3 == 0) sequence = sequence > back ? sequence - back : 0;
    Status wanted = Status::ok;
    if (sequence == 0 || (sequence <= highest && highest - sequence >= size)) {
      wanted = Status::beforeWindow;
    } else if (seen.contains(sequence)) {
      wanted = Status::replayed;
    }
    CHECK(w.check(sequence) == wanted);
    CHECK(w.accept(sequence) == wanted);
    if (wanted == Status::ok) {
      seen.insert(sequence);
      if (sequence > highest) highest = sequence;
    }
    CHECK(w.highest() == highest);
  }
}

// Several at a time are what they are one by one, whatever their order, twice the same in one call included.
void together(uint32_t size) {
  ReplayWindow one(size, true), many(size, true);
  uint64_t random = 0x9e3779b97f4a7c15;
  const auto next = [&] {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    return random >> 20;
  };
  for (int i = 0; i < 2000; i++) {
    uint64_t sequences[40], at = one.highest();
    const size_t count = 1 + next() % 40;
    for (size_t k = 0; k < count; k++) {
      const uint64_t back = next() % (size + 70);
      at += next() % 50 == 0 ? next() % (3 * size) : next() % 3;
      sequences[k] = next() % 5 == 0 ? (at > back ? at - back : 0) : at;
    }
    Status statuses[40];
    many.accept({sequences, count}, statuses);
    for (size_t k = 0; k < count; k++) CHECK(one.accept(sequences[k]) == statuses[k]);
    CHECK(one.highest() == many.highest());
  }
}

void extended() {
  ReplayWindow w(128, true);
  CHECK(w.extend(5) == 5);
  // Below the first window there is no subspace to be in.
  CHECK(w.check(w.extend(0xfffffff0)) == Status::beforeWindow);
  CHECK(w.accept(0x80000000) == Status::ok);
  CHECK(w.accept(0xfffffff0) == Status::ok);
  // The low half wraps: small numbers are of the next subspace, big ones still of this one.
  CHECK(w.extend(3) == 0x100000003);
  CHECK(w.extend(0xfffffff8) == 0xfffffff8);
  CHECK(w.accept(w.extend(3)) == Status::ok);
  CHECK(w.extend(0xfffffff8) == 0xfffffff8);
  CHECK(w.accept(w.extend(0xfffffff8)) == Status::ok);
  CHECK(w.accept(w.extend(0xfffffff8)) == Status::replayed);
  CHECK(w.extend(0) == 0x100000000);
  CHECK(w.accept(0x100000000) == Status::ok);
  CHECK(w.accept(0x100000080) == Status::ok);
  CHECK(w.extend(0xffffffff) == 0x1ffffffff);
  CHECK(w.extend(1) == 0x100000001);
  // A jump over the boundary is taken for the near side of it.
  CHECK(w.accept(0x1c0000000) == Status::ok);
  CHECK(w.extend(0x10) == 0x200000010);
}

void off() {
  ReplayWindow w(0, false);
  for (int i = 0; i < 3; i++) CHECK(w.accept(7) == Status::ok);
  CHECK(w.accept(2) == Status::ok);
  CHECK(w.highest() == 7);
}

void takenOver() {
  ReplayWindow w(64, true, 0x500000005);
  CHECK(w.check(0x500000005) == Status::replayed);
  CHECK(w.check(0x500000004) == Status::replayed);
  CHECK(w.accept(0x50000000a) == Status::ok);
  CHECK(w.accept(0x500000007) == Status::ok);
  CHECK(w.accept(0x500000007) == Status::replayed);
  CHECK(w.accept(0x500000100) == Status::ok);
  CHECK(w.accept(0x5000000ff) == Status::ok);
}

}  // namespace

int main() {
  for (const uint32_t size : {32u, 33u, 63u, 64u, 65u, 128u, 1000u, 4096u}) {
    edges(size);
    model(size);
    together(size);
  }
  extended();
  off();
  takenOver();
  CHECK_THROWS(ReplayWindow(31, false), rp::ArgumentError, "replayWindow: ");
  CHECK_THROWS(ReplayWindow(4097, false), rp::ArgumentError, "got 4097");
  return rp::test::checkFailures();
}
