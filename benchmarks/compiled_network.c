/* A program without any library: it runs the self-test, and then every picture that it reads.

   Compiled with NAME as the functions begin, BIG as the macros do, and HEADER. It writes floats: the
   self-test's difference, and for each picture the index that the function returned, the outputs and
   their probabilities. */
#include HEADER

#define GLUE(a, b) a##b
#define OF(a, b) GLUE(a, b)
#define INPUTS OF(BIG, _INPUTS)
#define OUTPUTS OF(BIG, _OUTPUTS)

#if defined(__x86_64__)
enum { READ = 0, WRITE = 1, EXIT = 60 };
static long call(long number, long a, long b, long c)
{
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c)
                     : "rcx", "r11", "memory");
    return result;
}
#elif defined(__aarch64__)
enum { READ = 63, WRITE = 64, EXIT = 93 };
static long call(long number, long a, long b, long c)
{
    register long x8 __asm__("x8") = number, x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b, x2 __asm__("x2") = c;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
    return x0;
}
#elif defined(__arm__)
enum { READ = 3, WRITE = 4, EXIT = 1 };
static long call(long number, long a, long b, long c)
{
    register long r0 __asm__("r0") = a, r1 __asm__("r1") = b, r2 __asm__("r2") = c;
    __asm__ volatile("push {r7}\n mov r7, %1\n svc 0\n pop {r7}"
                     : "+r"(r0) : "r"(number), "r"(r1), "r"(r2) : "memory");
    return r0;
}
#else
enum { READ = 63, WRITE = 64, EXIT = 93 };
static long call(long number, long a, long b, long c)
{
    register long a7 __asm__("a7") = number, a0 __asm__("a0") = a;
    register long a1 __asm__("a1") = b, a2 __asm__("a2") = c;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2) : "memory");
    return a0;
}
#endif

static uint8_t input[INPUTS];
static float output[OUTPUTS];

void *memcpy(void *to, const void *from, unsigned long count)
{
    for (unsigned long i = 0; i < count; i++) ((char *)to)[i] = ((const char *)from)[i];
    return to;
}

void *memset(void *to, int value, unsigned long count)
{
    for (unsigned long i = 0; i < count; i++) ((char *)to)[i] = (char)value;
    return to;
}

static int fill(void)
{
    for (long have = 0; have < INPUTS;) {
        long got = call(READ, 0, (long)(input + have), INPUTS - have);
        if (got <= 0) return 0;
        have += got;
    }
    return 1;
}

static void put(const float *values, long count)
{
    call(WRITE, 1, (long)values, count * (long)sizeof(float));
}

#if defined(__x86_64__)
__attribute__((force_align_arg_pointer))
#endif
void _start(void)
{
    float number = OF(NAME, _self_test)();
    put(&number, 1);
    while (fill()) {
        number = (float)OF(NAME, _run)(input, output);
        put(&number, 1);
        put(output, OUTPUTS);
        OF(NAME, _probabilities)(output);
        put(output, OUTPUTS);
    }
    call(EXIT, 0, 0, 0);
    for (;;) {}
}
