{
  # Ships: what prebuildify and a source build use. The source list is native/sources.gypi, shared with CMakeLists.txt.
  "includes": ["native/sources.gypi"],
  "target_defaults": {
    "cflags!": ["-fno-exceptions", "-O2"],
    "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17"],
    "cflags": ["-O3", "-fvisibility=hidden", "-Wall", "-Wextra", "-fPIC"],
    "cflags_cc": ["-std=c++20"],
    "include_dirs": ["native"]
  },
  "targets": [
    {
      "target_name": "routeplane",
      "sources": ["<@(rp_core)", "<@(rp_node)"],
      "include_dirs": ["native", "<!@(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=9", "NAPI_CPP_EXCEPTIONS", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS",
                  "NODE_ADDON_API_DISABLE_DEPRECATED"],
      "ldflags": ["-Wl,-z,relro,-z,now", "-Wl,--exclude-libs,ALL"],
      "conditions": [["target_arch=='x64'", {"dependencies": ["rp_aesni", "rp_shani", "rp_avx2", "rp_aesni_avx2", "rp_vaes", "rp_ifma", "rp_avx512", "rp_vbmi"]}],
        ["target_arch=='arm64'", {"dependencies": ["rp_armv8", "rp_armv8_sha512"]}],
        ["target_arch=='arm'", {"dependencies": ["rp_armv8"]}]
      ]
    }
  ],
  # One library per instruction set, each with its own flags; which one runs is decided by the CPU at run time.
  "conditions": [
    ["target_arch=='x64'", {
      "targets": [
        {"target_name": "rp_aesni", "type": "static_library", "sources": ["<@(rp_isa_aesni)"], "cflags": ["<@(rp_isa_aesni_flags)"]},
        {"target_name": "rp_shani", "type": "static_library", "sources": ["<@(rp_isa_shani)"], "cflags": ["<@(rp_isa_shani_flags)"]},
        {"target_name": "rp_avx2", "type": "static_library", "sources": ["<@(rp_isa_avx2)"], "cflags": ["<@(rp_isa_avx2_flags)"]},
        {"target_name": "rp_aesni_avx2", "type": "static_library", "sources": ["<@(rp_isa_aesni_avx2)"], "cflags": ["<@(rp_isa_aesni_avx2_flags)"]},
        {"target_name": "rp_vaes", "type": "static_library", "sources": ["<@(rp_isa_vaes)"], "cflags": ["<@(rp_isa_vaes_flags)"]},
        {"target_name": "rp_ifma", "type": "static_library", "sources": ["<@(rp_isa_ifma)"], "cflags": ["<@(rp_isa_ifma_flags)"]},
        {"target_name": "rp_avx512", "type": "static_library", "sources": ["<@(rp_isa_avx512)"], "cflags": ["<@(rp_isa_avx512_flags)"]},
        {"target_name": "rp_vbmi", "type": "static_library", "sources": ["<@(rp_isa_vbmi)"], "cflags": ["<@(rp_isa_vbmi_flags)"]}
      ]
    }],
    ["target_arch=='arm'", {
      # A time_t that outlives 2038; and one compiler for all, so what GCC 7 changed in passing parameters is not news.
      "target_defaults": {"defines": ["_FILE_OFFSET_BITS=64", "_TIME_BITS=64"], "cflags": ["-Wno-psabi"]},
      "targets": [
        {"target_name": "rp_armv8", "type": "static_library", "sources": ["<@(rp_isa_armv8)"], "cflags": ["<@(rp_isa_armv8_aarch32_flags)"]}
      ]
    }],
    ["target_arch=='arm64'", {
      "targets": [
        {"target_name": "rp_armv8", "type": "static_library", "sources": ["<@(rp_isa_armv8)"], "cflags": ["<@(rp_isa_armv8_flags)"]},
        {"target_name": "rp_armv8_sha512", "type": "static_library", "sources": ["<@(rp_isa_armv8_sha512)"], "cflags": ["<@(rp_isa_armv8_sha512_flags)"]}
      ]
    }]
  ]
}
