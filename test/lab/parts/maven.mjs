/** Jars from Maven, exactly those named, in one call. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { has, run } from '../../../scripts/lib/proc.mjs';
import { MAVEN_DEPENDENCY_PLUGIN } from '../versions.mjs';

/**
 * A project file that names the artifacts and leaves out what they depend on.
 * @param {readonly string[]} artifacts  `group:artifact:version[:type[:classifier]]`
 * @returns {string}
 */
export function pomFor(artifacts) {
  const dependencies = artifacts.map((artifact) => {
    const [group, name, version, type = 'jar', classifier] = artifact.split(':');
    return [
      '<dependency>',
      `<groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version><type>${type}</type>`,
      classifier ? `<classifier>${classifier}</classifier>` : '',
      '<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>',
      '</dependency>',
    ].join('');
  });
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>lab</groupId><artifactId>lab</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>
${dependencies.join('\n')}
</dependencies></project>
`;
}

/** Copy the artifacts into `folder`, which exists. */
export async function copyArtifacts(artifacts, folder) {
  if (!has('mvn')) throw new Error('Maven is not installed, so the jars cannot be had');
  const pom = join(folder, 'pom.xml');
  writeFileSync(pom, pomFor(artifacts));
  const goal = `${MAVEN_DEPENDENCY_PLUGIN}:copy-dependencies`;
  const options = ['-q', '-B', '-f', pom, goal, `-DoutputDirectory=${folder}`, '-DexcludeTransitive=true'];
  await run('mvn', options, { what: 'mvn copy-dependencies' });
}
