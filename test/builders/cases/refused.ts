/** Dockerfiles that are none, or that ask for what cannot be: every builder refuses them. */
import type { BuildCase } from './case.ts'

const TEXTS: Readonly<Record<string, string>> = {
  'nothing at all': '',
  'only comments': '# nothing\n',
  'no FROM': 'RUN true\n',
  'an instruction that there is not': 'FROM scratch\nCOPPY a /\n',
  'an argument that is missing': 'FROM scratch\nCOPY a\n',
  'a flag that there is not': 'FROM scratch\nCOPY --chow=1 a /\n',
  'a flag twice': 'FROM scratch\nCOPY --chown=1 --chown=2 a /\n',
  'a name of a stage that is none': 'FROM scratch AS 1x\n',
  'a platform that is none': 'FROM --platform=a/b/c/d scratch\nCOPY a /\n',
  'a stage that there is not': 'FROM scratch\nCOPY --from=7 /a /\n',
  'a stage that comes later': 'FROM scratch AS x\nCOPY --from=y /a /\nFROM x AS y\n',
  'a stage that copies from itself': 'FROM scratch AS x\nCOPY --from=x /a /\n',
  'a variable in --from': 'FROM scratch AS x\nARG Y=x\nFROM scratch\nCOPY --from=$Y /a /\n',
  'an image whose name is empty': 'ARG X\nFROM $X\n',
  'an image whose name is none': 'FROM UPPER/case\n',
  'a variable that is not closed': 'FROM scratch\nENV A=${B\n',
  'an operator that there is not': 'FROM scratch\nENV A=${B:!c}\n',
  'a variable that has to be set': 'FROM scratch\nENV A=${B:?is missing}\n',
  'ENV without a value': 'FROM scratch\nENV A\n',
  'a pair without a sign': 'FROM scratch\nENV A=1 B\n',
  'LABEL without a name': 'FROM scratch\nLABEL =x\n',
  'a port that is none': 'FROM scratch\nEXPOSE 99999\n',
  'a signal that is none': 'FROM scratch\nSTOPSIGNAL SIGNOT\n',
  'a duration that is none': 'FROM scratch\nHEALTHCHECK --interval=1x CMD a\n',
  'SHELL that is no JSON': 'FROM scratch\nSHELL /bin/sh\n',
  'ONBUILD of ONBUILD': 'FROM scratch\nONBUILD ONBUILD COPY a /\n',
  'ONBUILD of FROM': 'FROM scratch\nONBUILD FROM x\n',
  'a document that does not end': 'FROM scratch\nCOPY <<EOF /x\nnever\n',
  'an escape that is none': '# escape=x\nFROM scratch\nCOPY a /\n',
  'a file that is not there': 'FROM scratch\nCOPY missing /\n',
  'a file in a file': 'FROM scratch\nCOPY a/b /\n',
  'a folder onto a file': 'FROM scratch\nCOPY a /x\nCOPY dir /x\n',
  'a mode that is none': 'FROM scratch\nCOPY --chmod=999 a /\n',
  'a checksum of a file': `FROM scratch\nADD --checksum=sha256:${'0'.repeat(64)} a /\n`,
  'a file of a stage that is not there':
    'FROM scratch AS x\nCOPY a /\nFROM scratch\nCOPY --from=x /b /\n',
  'a folder made where a file is': 'FROM scratch\nCOPY a /x\nWORKDIR /x/y\n',
}

export const REFUSED: readonly BuildCase[] = Object.entries(TEXTS).map(([name, dockerfile]) => ({
  name,
  dockerfile,
  files: { a: 'a', b: 'b', 'dir/c': 'c' },
}))
