#include "textflag.h"

// The sequence of instructions that valgrind recognises as a request, see valgrind/valgrind.h: AX
// points to the code and five arguments. The rotations and the exchange change nothing.
//
// func request(code, argument uintptr)
TEXT ·request(SB), NOSPLIT, $48-16
	MOVQ code+0(FP), AX
	MOVQ AX, 0(SP)
	MOVQ argument+8(FP), AX
	MOVQ AX, 8(SP)
	MOVQ $0, 16(SP)
	MOVQ $0, 24(SP)
	MOVQ $0, 32(SP)
	MOVQ $0, 40(SP)
	LEAQ 0(SP), AX
	XORQ DX, DX
	ROLQ $3, DI
	ROLQ $13, DI
	ROLQ $61, DI
	ROLQ $51, DI
	XCHGQ BX, BX
	RET
