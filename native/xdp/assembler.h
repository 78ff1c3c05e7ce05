// Writes eBPF instructions: the program that AF_XDP needs is 100 of them, which is no reason to ship a compiler or a
// loader. Only what that program uses; the names are those of the kernel's instruction set document.
#pragma once
#include <linux/bpf.h>

#include <cstdint>
#include <vector>

namespace rp::xdp {

enum Register : uint8_t { R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, R10 };

class Assembler {
 public:
  // A place to jump to, forwards only: eBPF loops need more than this program does.
  struct Label {
    std::vector<size_t> jumps;
  };

  void move(Register to, Register from) { emit(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0); }
  void move(Register to, int32_t value) { emit(BPF_ALU64 | BPF_MOV | BPF_K, to, R0, 0, value); }
  void add(Register to, int32_t value) { emit(BPF_ALU64 | BPF_ADD | BPF_K, to, R0, 0, value); }
  void add(Register to, Register from) { emit(BPF_ALU64 | BPF_ADD | BPF_X, to, from, 0, 0); }
  void bitAnd(Register to, int32_t value) { emit(BPF_ALU64 | BPF_AND | BPF_K, to, R0, 0, value); }
  void shiftLeft(Register to, int32_t bits) { emit(BPF_ALU64 | BPF_LSH | BPF_K, to, R0, 0, bits); }
  void load8(Register to, Register from, int16_t offset) { emit(BPF_LDX | BPF_MEM | BPF_B, to, from, offset, 0); }
  void load16(Register to, Register from, int16_t offset) { emit(BPF_LDX | BPF_MEM | BPF_H, to, from, offset, 0); }
  void load32(Register to, Register from, int16_t offset) { emit(BPF_LDX | BPF_MEM | BPF_W, to, from, offset, 0); }
  void store32(Register to, int16_t offset, Register from) { emit(BPF_STX | BPF_MEM | BPF_W, to, from, offset, 0); }
  void store32(Register to, int16_t offset, int32_t value) { emit(BPF_ST | BPF_MEM | BPF_W, to, R0, offset, value); }
  void loadMap(Register to, int fd) {
    emit(BPF_LD | BPF_IMM | BPF_DW, to, static_cast<Register>(BPF_PSEUDO_MAP_FD), 0, fd);
    emit(0, R0, R0, 0, 0);
  }
  void call(int32_t helper) { emit(BPF_JMP | BPF_CALL, R0, R0, 0, helper); }
  void exit() { emit(BPF_JMP | BPF_EXIT, R0, R0, 0, 0); }

  void jump(Label& to) { jumpTo(to, BPF_JMP | BPF_JA, R0, R0, 0); }
  void jumpIfEqual(Register a, int32_t value, Label& to) { jumpTo(to, BPF_JMP | BPF_JEQ | BPF_K, a, R0, value); }
  void jumpIfNotEqual(Register a, int32_t value, Label& to) { jumpTo(to, BPF_JMP | BPF_JNE | BPF_K, a, R0, value); }
  void jumpIfBitsSet(Register a, int32_t bits, Label& to) { jumpTo(to, BPF_JMP | BPF_JSET | BPF_K, a, R0, bits); }
  void jumpIfGreater(Register a, Register b, Label& to) { jumpTo(to, BPF_JMP | BPF_JGT | BPF_X, a, b, 0); }
  void jumpIfLess(Register a, int32_t value, Label& to) { jumpTo(to, BPF_JMP | BPF_JLT | BPF_K, a, R0, value); }
  // Here is where the jumps to `label` go.
  void bind(const Label& label) {
    for (const size_t at : label.jumps) code_[at].off = static_cast<int16_t>(code_.size() - at - 1);
  }

  const std::vector<bpf_insn>& code() const { return code_; }

 private:
  void emit(int code, Register to, Register from, int16_t offset, int32_t immediate) {
    bpf_insn instruction{};
    instruction.code = static_cast<uint8_t>(code);
    instruction.dst_reg = to;
    instruction.src_reg = from;
    instruction.off = offset;
    instruction.imm = immediate;
    code_.push_back(instruction);
  }
  void jumpTo(Label& to, int code, Register a, Register b, int32_t immediate) {
    to.jumps.push_back(code_.size());
    emit(code, a, b, 0, immediate);
  }

  std::vector<bpf_insn> code_;
};

}  // namespace rp::xdp
