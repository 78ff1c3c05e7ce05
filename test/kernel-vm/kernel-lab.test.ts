/** Cases of the machine's own kernel again, on one that has every transform. */
import '../kernel/xfrm.test.ts';
import '../kernel/kernel-data-plane.test.ts';
import '../kernel/data-plane-choice.test.ts';
