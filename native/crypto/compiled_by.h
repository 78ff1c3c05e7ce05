// Notes in the binary which compiler made which unit of the kernels, for bench/compilers.h: they differ where one
// compiler is better at an instruction set than the one of the rest.
#pragma once

#if defined(__clang__)
#define RP_COMPILED_BY "clang " __clang_version__
#else
#define RP_COMPILED_BY "gcc " __VERSION__
#endif

namespace {
// A string, not pointers: a list of strings is all that the section holds.
__attribute__((used, section("rp_compiled_by"))) const char kCompiledBy[] = __BASE_FILE__ "\t" RP_COMPILED_BY;
}  // namespace
