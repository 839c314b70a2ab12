/** Stages, arguments, ONBUILD, platforms and what is said of an image. */
import { ARM64 } from '../building.ts'
import type { BuildCase } from './case.ts'

const FILES = { 'a.txt': 'a', 'b.txt': 'b' }

function stages(name: string, dockerfile: string, more: Partial<BuildCase> = {}): BuildCase {
  return { name, dockerfile, files: FILES, ...more }
}

export const STAGES: readonly BuildCase[] = [
  stages(
    'stages by name and number',
    'FROM scratch AS One\nCOPY a.txt /a/\nFROM scratch\nCOPY b.txt /b/\nFROM scratch\n' +
      'COPY --from=one /a /a\nCOPY --from=1 /b/b.txt /x\nCOPY --from=ONE /a/a.txt /y\n',
    { notBuildah: 'it knows names only as they are written' },
  ),
  stages(
    'a stage on a stage',
    'FROM base AS low\nENV A=1\nARG HERE=1\nCOPY a.txt /low/\nWORKDIR /low\nFROM low AS high\n' +
      'ENV B=$A$HERE\nCOPY b.txt .\nCMD ["x"]\nFROM high\nENTRYPOINT ["y"]\n',
    {
      notBuildah: 'what ARG set is not handed on',
    },
  ),
  stages('a target', 'FROM base AS a\nCOPY a.txt /\nFROM nowhere\nRUN false\n', {
    target: 'A',
    notBuildah: 'it knows names only as they are written',
  }),
  stages('what nobody needs', 'FROM nowhere AS x\nRUN false\nFROM scratch\nCOPY a.txt /\n'),
  stages('only what FROM says', 'FROM base\n'),
  stages('the image of a worker', 'FROM worker\n', { notBuildah: 'it adds no PATH' }),
  stages('an image without history', 'FROM bare\nENV A=1\nCOPY a.txt /c\n', {
    otherHistory:
      'BuildKit puts what is missing of the base behind all else, each entry for another layer',
    notBuildah: 'it refuses an image without history',
  }),
  stages(
    'arguments before and in stages',
    'ARG IMAGE=base\nARG V=global\nFROM ${IMAGE}:latest AS a\nARG V\nARG W=$V-w\nENV X=$V$W\n' +
      'FROM $IMAGE\nENV Y=${V:-unset}\nARG V=own\nENV Z=$V\n',
  ),
  stages('arguments that are given', 'ARG V=1\nFROM base\nARG V\nARG W=2\nENV X=$V Y=$W Z=$U\n', {
    args: { V: 'given', W: 'too', U: 'undeclared' },
  }),
  stages(
    'ENV before ARG',
    'FROM base\nENV A=env\nARG A=arg\nENV B=$A\nARG LEVEL=mine\nENV C=$LEVEL\n',
    {
      notBuildah: 'ENV goes before ARG',
    },
  ),
  stages(
    'what variables can do',
    [
      'FROM base',
      'ARG U',
      'ENV A=abcabc E= P=/x/y.tar.gz',
      'ENV B="${A}" C=\'${A}\' D=\\${A} F=${E:-d}${E-d} G=${A:+set}${N+set}',
      'ENV H=${P%.*} I=${P%%.*} J=${P#*/} K=${P##*/} L=${A/b/X} M=${A//b/X}',
      'ENV N="a b"   O=c\\ d Q=$A$E$A ALONE=${LEVEL}',
      'ENV OLD a  b   $A',
      'LABEL "a b"="c d" x=$A \\',
      '  y="line \\',
      'two"',
      '',
    ].join('\n'),
    { notBuildah: 'it knows no - without a colon, and no patterns' },
  ),
  stages(
    'what is said of an image',
    [
      'FROM base',
      'MAINTAINER some body',
      'USER 12:34',
      'EXPOSE 80 443/tcp 53/udp 8000-8002',
      'VOLUME /a /b',
      'VOLUME ["/c d"]',
      'STOPSIGNAL SIGINT',
      'HEALTHCHECK --interval=5s --timeout=1m30s --retries=3 --start-period=1s CMD curl x',
      'SHELL ["/bin/bash", "-c"]',
      'ENTRYPOINT exec top',
      'CMD ["a", "b"]',
      'LABEL of=mine',
      '',
    ].join('\n'),
    {
      notBuildah:
        'it has no SHELL, no ranges of ports and no HEALTHCHECK, which OCI has not either',
    },
  ),
  stages('CMD goes with a new ENTRYPOINT', 'FROM worker\nENTRYPOINT ["new"]\n'),
  stages('CMD of its own stays', 'FROM worker\nCMD ["own"]\nENTRYPOINT ["new"]\n'),
  stages('HEALTHCHECK NONE', 'FROM base\nHEALTHCHECK NONE\n', {
    notBuildah: 'it writes OCI, which has none',
  }),
  stages('WORKDIR makes folders', 'FROM base\nWORKDIR /made/by\nWORKDIR here\nWORKDIR /lnk/x\n', {
    notBuildah: 'it makes no folder before something is put into it',
  }),
  stages('WORKDIR of a folder that is there', 'FROM base\nWORKDIR /real\nCOPY a.txt .\n'),
  stages('WORKDIR and the root', 'FROM scratch\nWORKDIR /\nCOPY a.txt .\n'),
  stages('WORKDIR with variables', 'FROM base\nENV D=deep\nWORKDIR /x/$D/${D}er\n', {
    notBuildah: 'it makes no folder before something is put into it',
  }),
  stages('WORKDIR after USER', 'FROM base\nUSER app\nWORKDIR /of/app\nUSER 77:88\nWORKDIR n\n', {
    notBuildah: 'it makes no folder before something is put into it',
  }),
  stages('WORKDIR that the base has', 'FROM worker\nCOPY a.txt .\nWORKDIR sub\n', {
    notBuildah: 'it makes no folder before something is put into it',
  }),
  stages('COPY after USER', 'FROM worker\nCOPY a.txt /of/root\n'),
  stages('ONBUILD is kept', 'FROM base\nONBUILD COPY a.txt /x\nONBUILD ENV A="b c"\n', {
    notBuildah: 'it writes OCI, which has none',
  }),
  stages('ONBUILD is run', 'FROM triggers\nCOPY b.txt /own\n', {
    notBuildah: 'the folder that is made for it keeps 0755',
  }),
  stages('ONBUILD of a stage', 'FROM base AS a\nONBUILD ENV X=1\nFROM a\nENV Y=$X\n', {
    notBuildah: 'it is not run',
  }),
  stages('another platform', 'FROM many\nARG TARGETARCH\nCOPY a.txt /$TARGETARCH/\n', {
    platform: ARM64,
  }),
  stages(
    'two platforms of one image',
    'FROM --platform=$BUILDPLATFORM many AS build\nARG BUILDARCH\nCOPY a.txt /$BUILDARCH\n' +
      'FROM many\nCOPY --from=build / /build/\nENV A=$ARCH\n',
    { platform: ARM64, notBuildah: 'it takes one of them for both' },
  ),
  stages(
    'scratch for another platform',
    'FROM scratch\nARG TARGETPLATFORM\nENV P=$TARGETPLATFORM\n',
    {
      platform: { os: 'linux', architecture: 'arm', variant: 'v7' },
    },
  ),
  stages('escapes by another letter', '# escape=`\nFROM base\nENV A=`$x B="c`"d" `\n  C=\\e\n', {
    notBuildah: 'an escape of its own does not go for quotes',
  }),
  stages(
    'comments, empty lines and case',
    '\n\n# a comment\nfrom base as x\n# in between\n  env A=1 \\\n# inside\n  B=2\ncopy a.txt /\n',
  ),
]
