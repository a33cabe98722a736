/* A PKCS#11 library (2.40) that hands everything to the one named REAL, and counts tries with the user PIN as smart cards do and
 * SoftHSM does not: TRIES of them, told in the flags of CK_TOKEN_INFO, and none when they are used up.
 *
 * STATE is a file: a line "left N", and a line "login" for each time that a PIN was presented to the token. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

typedef unsigned long CK_ULONG;
typedef CK_ULONG CK_RV;

/* CK_FUNCTION_LIST: CK_VERSION, then 68 functions in the order of section 5 of the standard. */
struct functions {
    unsigned char version[2];
    void *function[68];
};
enum { GET_FUNCTION_LIST = 3, GET_TOKEN_INFO = 6, LOGIN = 18 };
/* CK_TOKEN_INFO: label, manufacturerID, model and serialNumber stand before flags. */
enum { FLAGS_AT = 32 + 32 + 16 + 16, TRIES = 3 };
static const CK_ULONG COUNT_LOW = 0x10000, FINAL_TRY = 0x20000, LOCKED = 0x40000;
static const CK_ULONG CKU_USER = 1, CKR_OK = 0, CKR_GENERAL_ERROR = 5, CKR_PIN_INCORRECT = 0xA0, CKR_PIN_LOCKED = 0xA4;

static struct functions real, ours;

static int left(void) {
    int tries = TRIES, found;
    char line[32];
    FILE *state = fopen(STATE, "r");
    if (!state) return tries;
    while (fgets(line, sizeof line, state))
        if (sscanf(line, "left %d", &found) == 1) tries = found;
    fclose(state);
    return tries;
}

static void note(const char *what, int tries) {
    FILE *state = fopen(STATE, "a");
    if (!state) return;
    fprintf(state, "%s\nleft %d\n", what, tries);
    fclose(state);
}

static CK_RV get_token_info(CK_ULONG slot, unsigned char *info) {
    CK_RV (*get)(CK_ULONG, unsigned char *) = real.function[GET_TOKEN_INFO];
    CK_RV said = get(slot, info);
    if (said != CKR_OK) return said;
    int tries = left();
    CK_ULONG flags;
    memcpy(&flags, info + FLAGS_AT, sizeof flags);
    if (tries < TRIES) flags |= COUNT_LOW;
    if (tries == 1) flags |= FINAL_TRY;
    if (tries == 0) flags |= LOCKED;
    memcpy(info + FLAGS_AT, &flags, sizeof flags);
    return CKR_OK;
}

static CK_RV login(CK_ULONG session, CK_ULONG user, unsigned char *pin, CK_ULONG length) {
    CK_RV (*enter)(CK_ULONG, CK_ULONG, unsigned char *, CK_ULONG) = real.function[LOGIN];
    if (user != CKU_USER) return enter(session, user, pin, length);
    int tries = left();
    if (tries == 0) return CKR_PIN_LOCKED;
    CK_RV said = enter(session, user, pin, length);
    if (said == CKR_OK) note("login", TRIES);
    if (said == CKR_PIN_INCORRECT) note("login", tries - 1);
    return said;
}

static CK_RV get_function_list(struct functions **list) {
    *list = &ours;
    return CKR_OK;
}

CK_RV C_GetFunctionList(struct functions **list) {
    void *library = dlopen(REAL, RTLD_NOW | RTLD_LOCAL);
    CK_RV (*get)(struct functions **) = library ? dlsym(library, "C_GetFunctionList") : NULL;
    struct functions *found;
    if (!get || get(&found) != CKR_OK) return CKR_GENERAL_ERROR;
    real = *found;
    ours = real;
    ours.function[GET_FUNCTION_LIST] = get_function_list;
    ours.function[GET_TOKEN_INFO] = get_token_info;
    ours.function[LOGIN] = login;
    return get_function_list(list);
}
